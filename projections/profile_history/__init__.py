"""What is known of one person with its times, for rules and tags: nothing is kept, all is read when asked.

Facts come from the fact log, words (attributes, consents, tags, identifiers, inferences) from the customers' own
streams, which are short: so that any past instant is seen as it was.
"""
