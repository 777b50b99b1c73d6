"""Every module that defines events: importing this one completes the register of topics."""

import domain.activity.sealing
import domain.identity.customer

__all__: list[str] = []
