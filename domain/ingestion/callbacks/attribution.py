"""Attribution: which shop a QR code, or a channel code, stands for."""

import msgspec


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """`scenes` names the store of single codes; with `store_prefix` the rest of a code is the store: `store_hz12`."""

    scenes: dict[str, str] = {}
    store_prefix: str = ""

    def of_scene(self, scene: str) -> dict[str, str]:
        """Return the scene, and the store it stands for, as properties; nothing for no scene."""
        if not scene:
            return {}
        store = self.scenes.get(scene)
        if store is None and self.store_prefix and scene.startswith(self.store_prefix):
            store = scene.removeprefix(self.store_prefix)
        return {"scene": scene, "store": store} if store else {"scene": scene}
