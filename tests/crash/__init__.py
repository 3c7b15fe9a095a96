"""What disturbs builds, and what watches that nobody sees it: for the tests of crashes."""
