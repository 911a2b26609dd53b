"""Live SMTP: a server that answers like ``inbound-smtp``, a sender that can be any host, and a dialogue by hand.

Everything here is about the connection. What becomes of mail is decided by `sesreceive.receiver.Receiver`,
whose judges the server calls and `Receiver.receive` calls too.

=============  ====================================================================
module         one noun
=============  ====================================================================
`replies`      every reply, with where its wording comes from
`framing`      bytes → command lines and message bodies, however they were cut
`client`       who is connecting: peer, XCLIENT, PROXY, a mapping
`session`      one session without a socket: lines in, replies out
`intake`       accepted messages on their way to the workers, never too many
`committer`    accepted messages put into the spool before they are answered
`resumption`   messages that an earlier process left in the spool
`smtp_faults`  what goes wrong on purpose
`connection`   a session on a socket
`proxy_reader` what aiosmtpd's reader of the PROXY protocol reads from
`certificate`  a throw-away certificate for STARTTLS
`listener`     the thread that listens
`server`       `Server`, what ``receiver.smtp()`` gives
`channel`      one connection of a client
`sender`       `send`, `send_all`
`dialogue`     `Dialogue`
=============  ====================================================================
"""
