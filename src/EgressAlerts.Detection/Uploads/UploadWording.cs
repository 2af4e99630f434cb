using static System.FormattableString;

namespace EgressAlerts.Detection;

/// <summary>What findings of <c>EgressUploadSpike</c> about one workload say.</summary>
/// <param name="dripQuiet">After how long without more what adds up from day to day resolves.</param>
internal sealed class UploadWording(Habits habits, TimeSpan dripQuiet)
{
    public Finding Describe(Workload source, string name, UploadGroup group, UploadSpikeOptions options)
    {
        var where = name switch
        {
            WorkloadUploads.AllTogether => "all destinations together",
            LabelValues.Overflow => "destinations beyond those that are followed one by one",
            _ => Wording.Name(name, group.Confirmed),
        };
        return new(
            UploadSpikeDetector.Name, group.IsNewLevel || group.IsRepeated ? Severities.Info : options.Severity, source, name, group.Since,
            $"{source} {Summary(where, group, options)}",
            $"{source} {What(source, where, group, options)} Most went to {Wording.Name(group.Top, group.Confirmed)}. "
            + $"This workload has been watched for {Wording.Duration(habits.Observed(source))}.{HowToAccept(group)}",
            group.TopSource, group.Confirmed, PromQl.Uploads(source, group.Confirmed ? name : ""))
        {
            Facts = Facts(group, options),
            Ends = $"It resolves after {Wording.Duration(group.Hourly.IsFiring ? options.Quiet : dripQuiet)} without more. What was too much is not learned.",
        };
    }

    private static string Summary(string where, UploadGroup group, UploadSpikeOptions options)
    {
        if (group.Hourly is { IsFiring: true, Usual: var usual } bytes)
        {
            var limit = Wording.Limit(Wording.Bytes(usual.Limit), usual.Hours > 0 && usual.Limit > options.Floor);
            return $"uploaded {Wording.Bytes(bytes.Most)} to {where} within 1 h ({limit})";
        }

        if (group.Drip.IsFiring) return $"uploaded {Wording.Bytes(group.DripExcess)} more than usual to {where}, a little more each day";
        var requests = group.Requests!;
        return Invariant($"sent {requests.Most:N0} small requests to {where} within 1 h ")
            + $"({Wording.Limit(Invariant($"{requests.Usual.Limit:N0}"), requests.Usual.Limit > options.RequestFloor)})";
    }

    /// <summary>Whichever of the floor and the history allows more has set the limit.</summary>
    private static FindingFacts Facts(UploadGroup group, UploadSpikeOptions options)
    {
        if (group.Hourly is { IsFiring: true, Usual: var usual } bytes)
        {
            return new(
                $"{Wording.Bytes(bytes.Most)} within an hour", $"at most {Wording.Bytes(usual.Limit)}",
                usual.Hours > 0 && usual.Limit > options.Floor ? "detection.upload_spike.deviations" : "detection.upload_spike.floor");
        }

        if (group.Drip.IsFiring)
        {
            return new(
                $"{Wording.Bytes(group.DripExcess)} too much from day to day", $"at most {Wording.Bytes(group.DripAllowance)} a day",
                "detection.upload_spike.daily_floor");
        }

        var requests = group.Requests!;
        return new(
            Invariant($"{requests.Most:0} small requests within an hour"), Invariant($"at most {requests.Usual.Limit:0}"),
            requests.Usual.Limit > options.RequestFloor ? "detection.upload_spike.deviations" : "detection.upload_spike.request_floor");
    }

    private string What(Workload source, string where, UploadGroup group, UploadSpikeOptions options)
    {
        if (group.Hourly is { IsFiring: true, Usual: var usual } bytes)
        {
            return $"sent {Wording.Bytes(bytes.Most)} to {where} within an hour, last at {Wording.Time(bytes.Last)}. "
                + $"The limit is {Wording.Bytes(usual.Limit)}: "
                + (usual.Hours > 0
                    ? $"{Wording.Bytes(usual.Median)} are usual in this hour, the median of {usual.Hours} weeks or days, "
                        + $"and the limit lies {options.Deviations} spreads above that, and not below {Wording.Bytes(options.Floor)}."
                    : WithoutHistory(source, usual.Limit, options));
        }

        if (group.Drip.IsFiring)
        {
            return $"sends {where} more from day to day than is usual. "
                + $"By {Wording.Time(group.DripLast)} {Wording.Bytes(group.DripExcess)} too much had added up. "
                + (group.DripAllowance > 0 ? $"Up to {Wording.Bytes(group.DripAllowance)} a day are usual." : "It is usual to send nothing there.");
        }

        var requests = group.Requests!;
        return Invariant($"sent {requests.Most:N0} small requests to {where} within an hour, last at {Wording.Time(requests.Last)}. ")
            + Invariant($"Data may leave in their names or headers. The limit is {requests.Usual.Limit:N0}")
            + (requests.Usual.Hours > 0
                ? Invariant($"; usual in this hour is {requests.Usual.Median:N0}, the median of {requests.Usual.Hours} weeks or days.")
                : " (detection.upload_spike.request_floor).");
    }

    /// <summary>Why so much would have been usual where the group itself has no history.</summary>
    private string WithoutHistory(Workload source, double limit, UploadSpikeOptions options)
    {
        if (limit <= options.Floor) return "this workload usually sends nothing there.";
        return habits.Observed(source) < options.Learning
            ? "this workload is not learned yet, so it may send five times detection.upload_spike.floor, or four times its largest hour."
            : "half more than any place got on its first day to which this workload began to send in four weeks.";
    }

    private static string HowToAccept(UploadGroup group)
    {
        const string accept = "accept it: set a higher floor and daily_floor for this workload in detection.overrides.";
        var text = group is { IsRepeated: true, Reported: { } reported }
            ? $" About as much was reported until {Wording.Time(Hours.End(reported.Hour))}. If it is wanted, {accept}"
            : "";
        return !group.IsNewLevel ? text
            : $"{text} For {group.Level.Count} days it has been about {Wording.Bytes(group.Level.Average())} a day. If that is the new usual amount, {accept}";
    }
}
