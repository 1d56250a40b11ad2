"""Just enough of ELF to take one program out of an object file."""

import struct

R_BPF_64_64 = 1
SHT_REL = 9


class Elf:
    """A 64-bit little-endian object: sections by name, symbols, relocations."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        table, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        raw = [struct.unpack_from("<IIQQQQII", self.data, table + size * n) for n in range(count)]
        start = raw[names][4]
        self.names = [self.string(start + entry[0]) for entry in raw]
        self.raw = raw

    def string(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    def section(self, name):
        """The bytes of a section; none if there is no such section."""
        if name not in self.names:
            return b""
        _, _, _, _, offset, size, _, _ = self.raw[self.names.index(name)]
        return self.data[offset:offset + size]

    def symbols(self):
        """All symbols: name, section's name, value."""
        table = self.raw[self.names.index(".symtab")]
        strings = self.raw[table[6]][4]
        found = []
        for at in range(table[4], table[4] + table[5], 24):
            name, info, _, index, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
            section = self.names[index] if index < len(self.names) else ""
            # The symbol of a section has no name of its own.
            found.append((section if info & 15 == 3 else self.string(strings + name), section, value))
        return found

    def relocations(self, section):
        """Relocations of a section: offset in bytes, kind, symbol."""
        symbols = self.symbols()
        index = self.names.index(section)
        found = []
        for entry in self.raw:
            if entry[1] == SHT_REL and entry[7] == index:
                for at in range(entry[4], entry[4] + entry[5], 16):
                    offset, info = struct.unpack_from("<QQ", self.data, at)
                    found.append((offset, info & 0xffffffff, symbols[info >> 32]))
        return found
