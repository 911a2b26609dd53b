"""What SES writes, as bytes and text: header block, notifications, events, bounces; pure functions of a receipt."""
