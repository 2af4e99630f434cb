using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class SeriesHashTests
{
    /// <summary>What Rust's <c>DefaultHasher</c>, which is SipHash-1-3 with key 0, gives for the first n of the bytes 00 01 02 ...</summary>
    [Theory]
    [InlineData(0, 0xd1fba762150c532cUL)]
    [InlineData(1, 0x68a914128e01e473UL)]
    [InlineData(2, 0x010bac45c41e3669UL)]
    [InlineData(7, 0x2f098ab0c751325aUL)]
    [InlineData(8, 0xead411e67ebe2eeaUL)]
    [InlineData(9, 0x75927f9d95124362UL)]
    [InlineData(63, 0x385d3e39e5f37359UL)]
    public void It_is_SipHash_1_3(int length, ulong expected) =>
        Assert.Equal(expected, new SeriesHash(0, 0).Compute([.. Enumerable.Range(0, length).Select(i => (byte)i)]));

    [Fact]
    public void Every_bit_counts_and_so_does_the_length()
    {
        var hash = SeriesHash.Random();
        var labels = new byte[100];
        var seen = new HashSet<ulong>();
        for (var length = 0; length <= labels.Length; length++) Assert.True(seen.Add(hash.Compute(labels.AsSpan(0, length))));
        for (var bit = 0; bit < labels.Length * 8; bit++)
        {
            labels[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(seen.Add(hash.Compute(labels)));
            labels[bit / 8] = 0;
        }

        Assert.NotEqual(hash.Compute(labels), SeriesHash.Random().Compute(labels));
    }
}
