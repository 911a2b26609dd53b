# DKIM by Mail::DKIM: JSON lines of {zone, raw (base64)} in, of {signatures: [{result, detail, domain}]} out.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use Net::DNS;
use Mail::DKIM::Verifier;
use Mail::DKIM::DNS;

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
        return undef;
    }
    my $packet = Net::DNS::Packet->new($name, $type);
    $packet->header->qr(1);
    my $values = $node ? $node->{$type} : undef;
    if (!$values) {
        $error = 'NXDOMAIN';
        $packet->header->rcode($node ? 'NOERROR' : 'NXDOMAIN');
        return $packet;
    }
    $packet->push(answer => Net::DNS::RR->new(
        owner => $name, type => 'TXT', ttl => 300, txtdata => [unpack '(a255)*', $_])) for @$values;
    return $packet;
}
*query = \&send;
*search = \&send;

package main;
$| = 1;
my $json = JSON::PP->new->utf8->canonical;
Mail::DKIM::DNS::resolver(ZoneResolver->new);
while (my $line = <STDIN>) {
    my $question = $json->decode($line);
    $ZoneResolver::zone = $question->{zone};
    my $answer = eval {
        my $verifier = Mail::DKIM::Verifier->new;
        $verifier->PRINT(decode_base64($question->{raw}));
        $verifier->CLOSE;
        {signatures => [map { {result => $_->result, detail => $_->result_detail, domain => $_->domain} } $verifier->signatures]};
    } || {signatures => [], error => "$@"};
    print $json->encode($answer), "\n";
}
