using EgressAlerts.Measuring;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Host;

public sealed class CheckpointTests : IDisposable
{
    private static readonly DateTimeOffset Late = Samples.Start.AddHours(1);

    private readonly TemporaryFolder _folder = new();
    private readonly MetricRegistry _self = new();
    private readonly Checkpoint _checkpoint;

    public CheckpointTests() => _checkpoint = Open();

    public void Dispose()
    {
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_was_written_last_is_read_first_and_what_came_before_it_is_kept()
    {
        Write(1);
        Write(2);
        Assert.Equal([2, 1], Numbers());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(43)]
    [InlineData(-1)]
    public void One_that_is_cut_off_is_set_aside_and_the_one_before_is_used(int length)
    {
        Write(1);
        Write(2);
        var bytes = File.ReadAllBytes(_folder.File("checkpoint"));
        File.WriteAllBytes(_folder.File("checkpoint"), bytes[..(length < 0 ? bytes.Length + length : length)]);
        Assert.Equal([1], Numbers());
        Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint.cut_off-*"));
    }

    [Fact]
    public void One_whose_bytes_changed_is_set_aside()
    {
        Write(1);
        var bytes = File.ReadAllBytes(_folder.File("checkpoint"));
        bytes[^3] ^= 1;
        File.WriteAllBytes(_folder.File("checkpoint"), bytes);
        Assert.Empty(Numbers());
        Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint.cut_off-*"));
    }

    [Fact]
    public void One_from_the_future_is_set_aside_and_not_deleted()
    {
        Write(1, Late.AddSeconds(1));
        Assert.Empty(Numbers());
        Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint.future-*"));
    }

    [Fact]
    public void One_of_another_version_is_set_aside()
    {
        Write(1);
        var bytes = File.ReadAllBytes(_folder.File("checkpoint"));
        bytes[8] = 99;
        File.WriteAllBytes(_folder.File("checkpoint"), bytes);
        Assert.Empty(Numbers());
        Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint.other_version-*"));
    }

    [Fact]
    public void A_folder_that_another_process_uses_is_refused()
    {
        var error = Assert.Throws<StartException>(() => Open());
        Assert.Contains("is another egress-alerts running on it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_takes_nothing_does_not_stop_the_service()
    {
        Directory.CreateDirectory(_folder.File("checkpoint.new"));
        Write(1);
        Assert.NotNull(_checkpoint.OpenLast());
        Directory.Delete(_folder.File("checkpoint.new"));
        Write(2);
        Assert.Equal([2], Numbers());
    }

    private Checkpoint Open() => new(_folder.Path, new ServiceMetrics(_self, TimeProvider.System), TimeProvider.System, NullLogger<Checkpoint>.Instance);

    private void Write(int number, DateTimeOffset? end = null) => _checkpoint.Write(end ?? Samples.Start, to => to.Write(number));

    private List<int> Numbers() =>
    [
        .. _checkpoint.Candidates(Late).Select(candidate =>
        {
            using var reader = candidate.Open();
            return reader.ReadInt32();
        }),
    ];
}
