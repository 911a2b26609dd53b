"""Words that the fuzzer puts into its inputs whole, since it would take long to find them letter by letter."""

from __future__ import annotations


def _split(text: str, before: str = "") -> tuple[bytes, ...]:
    """The words of a text, each with `before` in front; ``_`` is a blank, escapes are as in Python."""
    return tuple(
        (before + word.replace("_", " ")).encode().decode("unicode_escape").encode("latin-1") for word in text.split()
    )


HEADER = _split(r"\r\n \r\n_ \n \r\n\r\n From:_ Subject:_ DKIM-Signature:_ =?UTF-8?Q? ?=")
DKIM = _split(
    "v=1; a=rsa-sha256; c=relaxed/ simple d=example.org; s=jan2026; h=from bh= b= l= i=@ t= x= q=dns/txt; "
    "k=ed25519; v=DKIM1; p= s=email; t=s;"
)
DMARC = _split("v=DMARC1; p=reject; sp= adkim=s aspf=r pct= rua=mailto: none quarantine")
SPF = _split(
    "include: redirect= exists: a: mx ptr ip4:192.0.2.1 ip6:2001:db8:: /24 //64 -all ~all ?all exp= %{i} %{d2r} %{p}",
    before=" ",
) + _split("example.org a.example.org")
ADDRESS = _split(r"< > @ \x22 ( ) : ; , \x5c [ ] =?UTF-8?B? ?= a@example.org")
CODED = _split(r"=?UTF-8?Q? =?ISO-2022-JP?B? =?UTF-8*de?q? ?= ?=_=? =C3 \x5f \r\n_")
SMTP = _split(
    r"EHLO_ MAIL_FROM:< RCPT_TO:<bo@example.com> DATA\r\n \r\n.\r\n \n.\n \r.\r \r\n RSET\r\n QUIT\r\n "
    r"XCLIENT_ADDR= _SIZE= _BODY=8BITMIME STARTTLS\r\n VRFY_"
)
MBOX = _split(r"From_ >From_ \nFrom_a_Fri_Jan_2_10:05:05_2026\n \n\n \r\n \xef\xbb\xbf \xff\xff")
ZONES = _split(r"$ORIGIN_ $TTL_ $TIMEOUT_ _IN_ _TXT_ _MX_ _AAAA_ _CNAME_ ( ) ; \x22 \x5c034 @ *. \n")
JSON = _split(r"{ } [ ] \x22 : , null true 1e999 -0 \x5cud800 Infinity")
ACCOUNT = JSON + _split(
    r"\x22RuleSets\x22 \x22Rules\x22 \x22Recipients\x22 \x22Actions\x22 \x22S3Action\x22 \x22Filters\x22 \x22Cidr\x22 "
    r"\x22Name\x22"
)
ENVELOPE = JSON + _split(
    r"\x22mail\x5ffrom\x22 \x22rcpt\x5fto\x22 \x22client\x5fip\x22 \x22tls\x22 \x222001:db8::1\x22"
)
TEMPLATE = JSON + _split(
    r"Resources: AWS::SES::ReceiptRule AWS::SES::ReceiptRuleSet AWS::SES::ReceiptFilter Type:_ Properties: Rule: "
    r"Actions: Recipients: !Ref_ !Sub_ !GetAtt_ !If_ !Split_ Fn::ForEach::X Fn::Join DependsOn: Condition: "
    r"${AWS::Region} ${self: <<:_*a &a_ *a --- |_ \n__ -_ service: provider: custom: resources:"
    r" Parameters: Mappings: Custom::AWS"
)
TERRAFORM = _split(
    r"resource_ \x22aws_ses_receipt_rule\x22_ \x22aws_ses_receipt_filter\x22_ \x22aws_ses_active_receipt_rule_set\x22_ "
    r"variable_ locals_ module_ dynamic_ content_ for_each_=_ count_=_ each.value each.key var. local. ${ %{ } [for_ "
    r"_in_ _:_ _=>_ _?_ <<EOT\n EOT\n merge( lookup( toset( jsondecode( format( regex( \n # /* */ ... [*] .*. == && !"
)
TERRAFORM_JSON = JSON + _split(
    r"\x22resource\x22 \x22aws_ses_receipt_rule\x22 \x22planned_values\x22 \x22root_module\x22 \x22resources\x22 "
    r"\x22instances\x22 \x22attributes\x22 \x22dynamic\x22 \x22content\x22 \x22s3_action\x22 ${ %{"
)
QUERY = _split(
    r"Action= &Version=2010-12-01 CreateReceiptRule UpdateReceiptRule SendBounce &RuleSetName=main &Rule.Name=a "
    r"&Rule.Recipients.member.1= &Rule.Actions.member.1.S3Action.BucketName= &Filter.IpFilter.Cidr= .member. &After= "
    r"%00 %ED%A0%80 %0D 4294967295 &Rule.Enabled=true & = . BouncedRecipientInfoList LastAttemptDate"
)
