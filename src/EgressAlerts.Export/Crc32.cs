namespace EgressAlerts.Export;

/// <summary>The checksum of gzip (RFC 1952, section 8), eight bytes at a time, so that it can go on where the cached part of a body ended.</summary>
internal static class Crc32
{
    private static readonly uint[][] Tables = Build();

    /// <param name="crc">Of what came before; zero at the beginning.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = crc ^ (bytes[0] | ((uint)bytes[1] << 8) | ((uint)bytes[2] << 16) | ((uint)bytes[3] << 24));
            crc = Tables[7][low & 0xff] ^ Tables[6][(low >> 8) & 0xff] ^ Tables[5][(low >> 16) & 0xff] ^ Tables[4][low >> 24]
                ^ Tables[3][bytes[4]] ^ Tables[2][bytes[5]] ^ Tables[1][bytes[6]] ^ Tables[0][bytes[7]];
        }

        foreach (var value in bytes) crc = Tables[0][(crc ^ value) & 0xff] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] Build()
    {
        var tables = new uint[8][];
        for (var table = 0; table < 8; table++)
        {
            tables[table] = new uint[256];
            for (var value = 0u; value < 256; value++)
            {
                if (table > 0)
                {
                    var before = tables[table - 1][value];
                    tables[table][value] = tables[0][before & 0xff] ^ (before >> 8);
                    continue;
                }

                var crc = value;
                for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xedb88320;
                tables[0][value] = crc;
            }
        }

        return tables;
    }
}
