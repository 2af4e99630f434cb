using System.Net;

namespace EgressAlerts.Detection;

/// <summary>Finds policies that cannot mean what they say. The configuration is good all the same.</summary>
public static class PolicyWarnings
{
    /// <param name="policies">All policies in their order.</param>
    /// <param name="networkNames">The names that the user's own networks have. The user vouches for them.</param>
    /// <param name="areClaimsChecked">Whether DNS confirms names (<c>dns.confirm</c>).</param>
    /// <returns>For each warning the policy, and the end of a sentence that begins with its name.</returns>
    public static IEnumerable<(Policy Policy, string Complaint)> Find(
        IReadOnlyList<Policy> policies, IReadOnlySet<string> networkNames, bool areClaimsChecked, DateTimeOffset now)
    {
        foreach (var (i, policy) in policies.Index())
        {
            foreach (var name in policy.Destination.Names.Select(name => name.Text))
            {
                if (IPAddress.TryParse(name, out var address))
                    yield return (policy, $"has the address {name} among its names, so that it can never match it: write cidrs: [{address}/{Bits(address)}]");
                else if (!areClaimsChecked && policy.Action != PolicyAction.Forbid && !networkNames.Contains(name))
                {
                    yield return (
                        policy, $"needs a verified name, but dns.confirm is false, so that only a ServiceEntry can vouch for {name}: use cidrs, "
                        + "name the network in destinations.networks, or set dns.confirm");
                }
            }

            if (policy.IsExpired(now)) yield return (policy, $"ended with {UntilAttribute.Text(policy.Until!.Value)}: remove it, or set a later until");
            else if (PolicyReview.ShadowOf(policies, i, now) is { } earlier && !(earlier.Until < (policy.Until ?? DateTimeOffset.MaxValue)))
                yield return (policy, $"can never match, because {earlier.Name} before it takes all of its traffic: move it before that one, or remove it");
        }
    }

    private static int Bits(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128;
}
