using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>All families of ordinary traffic. Of each fifty workloads, those with certain numbers have a role.</summary>
internal static class Traffics
{
    public static void AddTo(Mesh mesh)
    {
        Apis.AddTo(mesh);
        Webhooks.AddTo(mesh);
        Fetchers.AddTo(mesh);
        Stores.AddTo(mesh);
        Pulses.AddTo(mesh);
        Jobs.AddTo(mesh);
        Failures.AddTo(mesh);
        Connections.AddTo(mesh);
        Lifecycles.AddTo(mesh);
        Internals.AddTo(mesh);
    }
}
