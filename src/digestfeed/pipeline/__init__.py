"""The composition of the stages: the only room that knows them all.

Refuses options, printing and exit codes; these are the command line's.
"""
