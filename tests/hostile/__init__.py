"""Text from outside stays text: whatever a field holds, nothing of it is executed, opened or fetched.

Every field of every file and option is given text that would close a docstring, a string, a comment, an element, a command.  It is
refused in one line, or it stands in the artefact as text: the program, the markup, the commands are those of harmless text.
"""
