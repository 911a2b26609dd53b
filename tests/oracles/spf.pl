# check_host() by Mail::SPF: JSON lines of {zone, ip, sender, helo} in, of {result, text} out.
use strict;
use warnings;
use JSON::PP;
use Net::DNS;
use Mail::SPF;

package ZoneResolver;
use base 'Net::DNS::Resolver';
our ($zone, $error) = ({}, '');

sub errorstring { return $error }

sub send {
    my ($self, $name, $type) = @_;
    $type ||= 'A';
    $name = lc $name;
    $name =~ s/\.$//;
    $error = '';
    my $node = $zone->{$name};
    if (defined $node && !ref $node) {
        $error = $node eq 'TIMEOUT' ? 'query timed out' : 'SERVFAIL';
        return undef if $node eq 'TIMEOUT';
        my $failed = Net::DNS::Packet->new($name, $type);
        $failed->header->rcode('SERVFAIL');
        return $failed;
    }
    my $packet = Net::DNS::Packet->new($name, $type);
    $packet->header->qr(1);
    my $values = $node ? $node->{$type} : undef;
    if (!$values) {
        $packet->header->rcode($node ? 'NOERROR' : 'NXDOMAIN');
        return $packet;
    }
    for my $value (@$values) {
        my $record = $type eq 'TXT'
            ? Net::DNS::RR->new(owner => $name, type => 'TXT', ttl => 300, txtdata => [unpack '(a255)*', $value])
            : Net::DNS::RR->new("$name 300 $type $value");
        $packet->push(answer => $record);
    }
    return $packet;
}

package main;
$| = 1;
my $json = JSON::PP->new->utf8->canonical;
my $server = Mail::SPF::Server->new(dns_resolver => ZoneResolver->new, query_rr_types => Mail::SPF::Server->query_rr_type_txt);
while (my $line = <STDIN>) {
    my $question = $json->decode($line);
    $ZoneResolver::zone = $question->{zone};
    my $answer = eval {
        my $request = Mail::SPF::Request->new(
            scope => 'mfrom', identity => $question->{sender}, ip_address => $question->{ip},
            helo_identity => $question->{helo},
        );
        my $result = $server->process($request);
        {result => $result->code, text => $result->text};
    } || {result => 'error', text => "$@"};
    print $json->encode($answer), "\n";
}
