"""Response: who redeems a coupon of a campaign, from what was known before the campaign began."""
