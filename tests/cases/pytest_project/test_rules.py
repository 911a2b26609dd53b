from sesreceive.testing import assert_bounced, assert_delivered, assert_refused


def test_invoices_are_stored(ses_receiver, ses_mail):
    reception = ses_mail("billing@example.com", subject="Invoice 7").receive(ses_receiver)
    assert_delivered(reception, "s3://inbox/billing/", rule="billing")


def test_a_closed_desk_bounces(ses_receiver, ses_mail):
    reception = ses_mail("desk@example.com").receive(ses_receiver)
    assert_bounced(reception, "550 5.1.1", rule="closed")


def test_mail_from_the_test_net_is_refused(ses_receiver, ses_mail):
    reception = ses_mail("billing@example.com", client_ip="203.0.113.9").receive(ses_receiver)
    assert_refused(reception, "550 5.7.1")
