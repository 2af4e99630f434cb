using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Web;
using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Decisions;

/// <summary>What a person decided about an alert.</summary>
/// <param name="Until">The last instant; null for good.</param>
/// <param name="ByAddress">Whether the address may stand for a name that nobody vouches for.</param>
internal sealed record AllowDecision(string Reason, string Owner, DateTimeOffset? Until, bool ByAddress = false);

/// <summary>A policy that allows what one alert is about, as narrowly as it can be: this workload, this name or address, this port.</summary>
/// <param name="Name">Made of all that the entry is about. So the same decision has the same name.</param>
/// <param name="Lines">The entry as YAML; the first line begins with a dash.</param>
internal sealed record AllowEntry(string Name, IReadOnlyList<string> Lines)
{
    /// <summary>How many characters of a name are readable.</summary>
    private const int MaxReadable = 50;

    public override string ToString() => string.Join('\n', Lines) + "\n";

    /// <summary>The entry below <c>policies</c>, as a configuration has it.</summary>
    public string Section => "policies:\n" + string.Concat(Lines.Select(line => $"  {line}\n"));

    /// <summary>Makes the entry for an alert.</summary>
    /// <param name="networkOf">The network of the user's or of a provider that holds an address; null for none.</param>
    /// <param name="refusal">Why there is none, and what to do instead. Empty where there is one.</param>
    public static AllowEntry? Make(RemedyFacts facts, Func<IPAddress, IPNetwork?> networkOf, AllowDecision decision, out string refusal)
    {
        refusal = AllowAdvice.Instead(facts);
        if (refusal.Length > 0) return null;
        if (AllowScope.Find(facts, networkOf, decision.ByAddress, out refusal) is not { } scope) return null;
        var (isVolume, isBlocked) = (facts.AlertName == AllowAdvice.UploadSpike, facts.Route == Route.Blocked);
        var conditions = string.Join(", ", ((string[])
        [
            $"{scope.Key}: {List(scope.Values)}",
            facts.Port.Length > 0 && !isVolume ? $"ports: [{facts.Port}]" : "",
            isBlocked ? "routes: [blocked]" : "",
        ]).Where(condition => condition.Length > 0));
        var name = NameOf(facts, conditions, isVolume);
        return new(name,
        [
            .. ((string[])
            [
                $"- name: {Value(name)}",
                "  action: allow",
                isVolume ? "  volume: any" : "",
                $"  reason: {Value(decision.Reason)}",
                decision.Owner.Length > 0 ? $"  owner: {Value(decision.Owner)}" : "",
                decision.Until is { } until ? $"  until: {UntilAttribute.Text(until)}" : "",
                $"  source: {SourceOf(facts.Source)}",
                $"  destination: {{{conditions}}}",
            ]).Where(line => line.Length > 0),
        ]);
    }

    /// <summary>The conditions that only this workload meets.</summary>
    public static string SourceOf(Workload source) =>
        $"{{{(source.Cluster.Length > 0 ? $"clusters: {List(source.Cluster)}, " : "")}namespaces: {List(source.Namespace)}, workloads: {List(source.Name)}}}";

    private static string NameOf(RemedyFacts facts, string conditions, bool isVolume)
    {
        var readable = Slug(facts.Source.Namespace, facts.Source.Name, isVolume ? "may-send-to" : "may", facts.Destination);
        if (readable.Length > MaxReadable) readable = readable[..MaxReadable].TrimEnd('-');
        var text = string.Create(CultureInfo.InvariantCulture, $"{facts.Source}\n{facts.Source.Cluster}\n{conditions}\n{isVolume}");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return $"{readable}-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}";
    }
}
