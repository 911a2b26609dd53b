# Sisimai reads bounces: a JSON list of messages on standard input, what it makes of each on standard output.
use strict;
use warnings;
use JSON;
use Sisimai;

local $/;
my @read;
for my $message (@{ JSON->new->decode(<STDIN>) }) {
    my $found = Sisimai->make(\$message) || [];
    push @read, [map {
        my $one = $_;
        +{ (map { $_ => "" . ($one->$_ // "") } qw(smtpagent reason replycode deliverystatus diagnosticcode diagnostictype
            action subject messageid)), recipient => $one->recipient->address, addresser => $one->addresser->address,
           softbounce => $one->softbounce + 0 }
    } @$found];
}
print JSON->new->canonical->utf8->encode(\@read);
