using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>A workload's traffic with a target, summed over the window that is being played.</summary>
internal sealed class Contact(Workload source, Target target)
{
    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    private readonly Flow _flow = new(source, target.To, target.Route, target.Protocol);
    private readonly double[] _sums = new double[Metrics.Length];

    public Workload Source => source;

    public Target Target => target;

    public bool IsTouched { get; private set; }

    public void Add(Metric metric, double amount)
    {
        _sums[(int)metric] += amount;
        IsTouched = true;
    }

    /// <summary>Gives the sums as increments and begins anew.</summary>
    public void MoveTo(List<NamedIncrement> seen)
    {
        foreach (var metric in Metrics)
        {
            if (_sums[(int)metric] <= 0) continue;
            var code = metric == Metric.Requests ? (target.Flags == "-" ? "200" : "503") : "";
            var flags = metric is Metric.Requests or Metric.ConnectionsClosed ? target.Flags : "";
            seen.Add(new(new Increment(new(_flow, metric, code, flags), _sums[(int)metric]), target.Name, target.Refuted));
        }

        Array.Clear(_sums);
        IsTouched = false;
    }
}
