"""Which pieces of a series' networks are made, and in which order they are contracted: fragment, sets, pieces, joins, planner.

Knows networks and costs at representative sizes.  Refuses to know statements and languages.
"""
