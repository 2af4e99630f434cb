using System.Buffers.Binary;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class SeriesHashTests
{
    /// <summary>Of the reference implementation's list for key 00 01 .. 0f: what the first n of the bytes 00 01 02 .. give.</summary>
    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    [InlineData(2, "8177228DA4A45DC7FCA38BDEF60AFFE4")]
    public void It_is_SipHash_2_4_with_128_bits(int length, string expected)
    {
        var id = new SeriesHash(0x0706050403020100, 0x0f0e0d0c0b0a0908).Of([.. Enumerable.Range(0, length).Select(i => (byte)i)]);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, id.High);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], id.Low);
        Assert.Equal(expected, Convert.ToHexString(bytes));
    }

    [Fact]
    public void Every_bit_counts_and_so_does_the_length()
    {
        var hash = SeriesHash.Random();
        var labels = new byte[100];
        var seen = new HashSet<SeriesId>();
        for (var length = 0; length <= labels.Length; length++) Assert.True(seen.Add(hash.Of(labels.AsSpan(0, length))));
        for (var bit = 0; bit < labels.Length * 8; bit++)
        {
            labels[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(seen.Add(hash.Of(labels)));
            labels[bit / 8] = 0;
        }

        Assert.NotEqual(hash.Of(labels), SeriesHash.Random().Of(labels));
    }
}
