"""The areas of the API: reads and commands of one area share paths, so they are one controller to the framework."""

from api.routes.customer_commands import CustomerCommands
from api.routes.customer_segments import CustomerSegmentReads
from api.routes.customers import CustomerReads


class CustomerController(CustomerReads, CustomerSegmentReads, CustomerCommands):
    """Customers."""
