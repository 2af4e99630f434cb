using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection;

/// <summary>Who may ask the metadata service, but asks far more often than ever.</summary>
public sealed class MetadataUseTests
{
    private static readonly Workload Agent = new("infra", "agent");

    private static readonly DetectionOptions Options = new()
    {
        Watchdog = new() { Enabled = false },
        Beaconing = new() { Enabled = false },
        MetadataService = new() { Quiet = TimeSpan.FromHours(1), Allowed = [WorkloadPattern.Parse("infra/*")!.Value] },
    };

    private readonly Timeline _time = new(Options);

    [Fact]
    public void Ten_times_its_largest_hour_of_weeks_is_found_and_is_not_learned()
    {
        _time.Until(Timeline.Start.AddDays(8), Usual);
        Assert.Empty(_time.Step(Asks(40)));
        var finding = Assert.Single(_time.Step(Asks(30)));
        Assert.Equal(("EgressMetadataService", "warning", Agent), (finding.AlertName, finding.Severity, finding.Source));
        Assert.Contains(
            "It is in detection.metadata_service.allowed, but asked 70 times within this hour. "
            + "The limit is 60: ten times its largest hour of 8 days, and no less than 20.",
            finding.Description,
            StringComparison.Ordinal);
        _time.Restart();
        Assert.Equal(finding.Since, Assert.Single(_time.Step()).Since);
        Assert.Empty(_time.Until(_time.Now.AddDays(3), Usual));
        Assert.Single(_time.Step(Asks(70)));
    }

    [Fact]
    public void Nothing_is_said_before_a_week_is_known_nor_of_few()
    {
        _time.Until(Timeline.Start.AddDays(5), Usual);
        Assert.Empty(_time.Step(Asks(1_000)));
        var calm = new Timeline(Options);
        calm.Until(Timeline.Start.AddDays(9), now => now is { Hour: 3, Minute: 0 } ? Asks(1) : []);
        Assert.Empty(calm.Step(Asks(19)));
        Assert.Single(calm.Step(Asks(2)));
    }

    /// <summary>Six an hour.</summary>
    private static NamedIncrement[] Usual(DateTimeOffset now) => now.Minute % 10 == 0 ? Asks(1) : [];

    private static NamedIncrement[] Asks(double count) =>
    [
        new(
            new Increment(new(Samples.Flow("169.254.169.254", source: Agent), Metric.Requests), count),
            new Destination(LabelValues.CloudMetadata, NameSource.Special, Confirmed: true)),
    ];
}
