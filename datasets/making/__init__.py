"""How the sample messages are made: `compose` bytes, `sign` them, say what they are (`sample`), `write` a folder.

`anycompany` and `first_steps` hold the messages themselves, one short function or value each. Nothing here knows
what sesreceive would answer: the answer key is written by hand beside each message.
"""
