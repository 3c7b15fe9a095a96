"""Feed clients as other people write them, and the web server between them and a site."""
