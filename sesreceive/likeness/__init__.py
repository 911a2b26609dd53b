"""How far what is written here agrees with what real SES wrote: field by field, and under which readings."""
