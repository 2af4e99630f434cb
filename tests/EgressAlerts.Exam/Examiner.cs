using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Exam.Judging;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Exam;

/// <summary>Examines the detectors as they are, at their default settings.</summary>
internal static class Examiner
{
    /// <param name="days">How many of the judged days are played.</param>
    /// <param name="say">Gets a line for everything that begins to fire.</param>
    public static Outcome Examine(MeshOptions options, int days = Time.JudgedDays, Action<string>? say = null)
    {
        var list = Path.GetTempFileName();
        try
        {
            File.WriteAllText(list, "45.155.205.0/24\n");
            return new Judge(new Mesh(options), New(list).Observe, New(list).Observe, say).Play(days);
        }
        finally
        {
            File.Delete(list);
        }
    }

    /// <summary>Beside the defaults, what a detector needs to say anything: a policy, a list, the regions of a namespace, and who may use the metadata
    /// service.</summary>
    private static Detectors New(string list)
    {
        var options = new DetectionOptions
        {
            Policies = [new("forbidden", PolicyAction.Forbid, "warning", new(), new() { Names = [new("*.forbidden.example")] })],
            ThreatListed = new() { Lists = [new() { Name = "bad", File = list, MaxAge = TimeSpan.FromDays(36_500) }] },
            OutsideRegion = new() { AllowedRegions = [new("payments", Provider.Regions)] },
            MetadataService = new() { Allowed = [new WorkloadPattern(new("platform"), new("*"))] },
        };
        return new(options, new DetectionMetrics(new MetricRegistry(), TimeProvider.System), Store.InMemory().Read(), NullLogger<Detectors>.Instance);
    }
}
