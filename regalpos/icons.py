"""The shop's line icons: what stands in a 24 by 24 view box, two units thick, without colour.

Drawn for RegalPOS. A name says what is pictured, not where it is used;
the meaning is in the word beside it.
"""

from typing import Final

# The crown whose lower edge is a receipt's torn one. Filled, unlike the icons.
MARK: Final = '<path d="M3 4.5 7.5 9 12 3.5 16.5 9 21 4.5V17H3zM3 18.8h18V21H3z"/>'

# Pictures that point the way of reading, and turn round with it.
POINTING: Final = frozenset({"back", "erase", "forward", "leave", "truck", "undo"})

ICONS: Final = {
    "back": '<path d="m15 5-7 7 7 7"/>',
    "bank": '<path d="M3 9.5 12 4l9 5.5zM5 20h14M6.5 9.5V20M12 9.5V20M17.5 9.5V20"/>',
    "book": (
        '<path d="M5 4.5A1.5 1.5 0 0 1 6.5 3H19v18H6.5A1.5 1.5 0 0 1 5 19.5zM5 17.5h14M9 7.5h6"/>'
    ),
    "box": '<path d="m12 3 8.5 4.5v9L12 21l-8.5-4.5v-9zM3.5 7.5 12 12l8.5-4.5M12 12v9"/>',
    "calendar": (
        '<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 10h17M8 2.5V6M16 '
        '2.5V6"/>'
    ),
    "card": '<rect x="2.5" y="5" width="19" height="14" rx="2"/><path d="M2.5 10h19M6 15h4"/>',
    "cash": (
        '<rect x="2.5" y="6" width="19" height="12" rx="2"/><circle cx="12" cy="12" '
        'r="2.8"/><path d="M6 12h.01M18 12h.01"/>'
    ),
    "chart": '<path d="M4 20h16M7 16v-5M12 16V5M17 16V9"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "clipboard": (
        '<rect x="5" y="4" width="14" height="17" rx="2"/><path d="M9 4V2.5h6V4M9 13l2.2 '
        '2.2L15.5 11"/>'
    ),
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5l3.5 2"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "down": '<path d="m5 9 7 7 7-7"/>',
    "download": '<path d="M12 4v11M8 11.5l4 4 4-4M5 14v6.5h14V14"/>',
    "drawer": '<path d="M4 4.5h16v8H4zM3 12.5h18V20H3zM10 16.2h4"/>',
    "erase": '<path d="M8.5 5h12v14h-12L3 12zM12 9.5l5 5M17 9.5l-5 5"/>',
    "error": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.3v.01"/>',
    "eye": (
        '<path d="M2.5 12c2-4 5.3-6.5 9.5-6.5s7.5 2.5 9.5 6.5c-2 4-5.3 6.5-9.5 6.5S4.5 16 2.5 '
        '12z"/><circle cx="12" cy="12" r="2.8"/>'
    ),
    "eye-off": (
        '<path d="M2.5 12c2-4 5.3-6.5 9.5-6.5s7.5 2.5 9.5 6.5c-2 4-5.3 6.5-9.5 6.5S4.5 16 2.5 '
        '12zM4 20 20 4"/>'
    ),
    "filter": '<path d="M4 6.5h16M7 12h10M10 17.5h4"/>',
    "finger": (
        '<path d="M5 11a7 7 0 0 1 12-5M19 10.5V13M8.5 20c-.8-2-1.2-4.5-1.2-8a4.7 4.7 0 0 1 9.4 '
        '0c0 1.5 0 3-.2 4.5M12 12c0 3.5.3 6 1.2 8.5M4.5 15c.2 1 .4 1.8.7 2.7"/>'
    ),
    "forward": '<path d="m9 5 7 7-7 7"/>',
    "gift": (
        '<rect x="3" y="8" width="18" height="4.5" rx="1"/><path d="M5 12.5V20.5h14v-8M12 '
        '8v12.5M12 8c-1.5-4-6-4.5-6-1.8C6 8 9 8 12 8c3 0 6 0 6-1.8C18 3.5 13.5 4 12 8"/>'
    ),
    "key": '<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8-8M16 7.5l3 3M13.5 10l2 2"/>',
    "keyboard": (
        '<rect x="2.5" y="6" width="19" height="12" rx="2"/><path d="M6 10h.01M10 10h.01M14 '
        '10h.01M18 10h.01M8 14h8"/>'
    ),
    "leave": '<path d="M14 4H5v16h9M10 12h11M17.5 8l4 4-4 4"/>',
    "lock": (
        '<rect x="5" y="10.5" width="14" height="10" rx="2"/><path d="M8 10.5V8a4 4 0 0 1 8 '
        '0v2.5"/>'
    ),
    "low": '<path d="M4 6l6 6 3.5-3.5L20 15M20 10v5h-5"/>',
    "mail": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m4 7.5 8 6 8-6"/>',
    "menu": '<path d="M4 6.5h16M4 12h16M4 17.5h16"/>',
    "minus": '<path d="M5 12h14"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
    "more": (
        '<circle cx="5.5" cy="12" r=".8"/><circle cx="12" cy="12" r=".8"/><circle cx="18.5" '
        'cy="12" r=".8"/>'
    ),
    "offline": (
        '<path d="m4 4 16 16M8.5 15.5a5 5 0 0 1 6 -.6M5 12a10 10 0 0 1 4.5-2.7M2 8.5a14 14 0 0 '
        '1 4-2.6M12.5 9a10 10 0 0 1 6.5 3M10.5 5.1A14 14 0 0 1 22 8.5M12 19.5v.01"/>'
    ),
    "pause": '<path d="M8.5 5v14M15.5 5v14"/>',
    "pencil": '<path d="M4 20l1-4.5L16 4.5a2 2 0 0 1 3.5 3.5L8.5 19z"/>',
    "percent": (
        '<path d="M18.5 5.5l-13 13"/><circle cx="7" cy="7" r="2.5"/><circle cx="17" cy="17" '
        'r="2.5"/>'
    ),
    "phone": '<rect x="6.5" y="2.5" width="11" height="19" rx="2.5"/><path d="M11 18h2"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "printer": (
        '<path d="M7 9V4h10v5M7 17H4.5A1.5 1.5 0 0 1 3 15.5v-5A1.5 1.5 0 0 1 4.5 9h15a1.5 1.5 '
        '0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H17"/><path d="M7 14h10v6.5H7z"/>'
    ),
    "receipt": '<path d="M5 3v18l2.3-1.7L9.7 21l2.3-1.7 2.3 1.7 2.4-1.7L19 21V3zM9 8h6M9 12h6"/>',
    "scan": (
        '<path d="M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5V8M20 16v2.5a1.5 '
        '1.5 0 0 1-1.5 1.5H16M8 20H5.5A1.5 1.5 0 0 1 4 18.5V16M8 8.5v7M12 8.5v7M16 8.5v7"/>'
    ),
    "screen": (
        '<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M8.5 20.5h7M12 16.5v4"/>'
    ),
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "settings": (
        '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" '
        'cy="17" r="2"/>'
    ),
    "shield": '<path d="M12 3 4.5 6v5.5c0 4.5 3 8 7.5 9.5 4.5-1.5 7.5-5 7.5-9.5V6z"/>',
    "sound": (
        '<path d="M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>'
    ),
    "store": (
        '<path d="M4 10v10h16V10M3 9l2-5h14l2 5c0 1.5-1.3 2.5-3 2.5S15 10.5 15 9c0 1.5-1.3 '
        '2.5-3 2.5S9 10.5 9 9c0 1.5-1.3 2.5-3 2.5S3 10.5 3 9M10 20v-5h4v5"/>'
    ),
    "sun": (
        '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 '
        '5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4"/>'
    ),
    "swap": '<path d="M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4"/>',
    "tag": (
        '<path d="M3.5 12.5V4.5a1 1 0 0 1 1-1h8l8 8a1.5 1.5 0 0 1 0 2l-7 7a1.5 1.5 0 0 1-2 '
        '0z"/><path d="M8 8v.01"/>'
    ),
    "trash": '<path d="M4 6.5h16M9 6.5V4h6v2.5M6 6.5 7 20.5h10L18 6.5"/>',
    "truck": (
        '<path d="M2.5 6h11v10.5h-11zM13.5 10h4l3.5 3.5v3h-7.5"/><circle cx="7" cy="18" '
        'r="2"/><circle cx="17" cy="18" r="2"/>'
    ),
    "undo": '<path d="M9 5 4 10l5 5"/><path d="M4 10h10.5a5.5 5.5 0 0 1 0 11H10"/>',
    "upload": '<path d="M12 15V4M8 7.5 12 3.5l4 4M5 14v6.5h14V14"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>',
    "users": (
        '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.6-3.6 3-5.5 6.5-5.5s5.9 1.9 6.5 '
        '5.5M16 5a3.5 3.5 0 0 1 0 6.5M18 15c2 .8 3.2 2.5 3.5 5"/>'
    ),
    "warning": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.01"/>',
}
