using System.Globalization;
using System.Text;

namespace EgressAlerts.Alerting;

/// <summary>The identity of an alert, as Alertmanager computes it and shows it in its API: FNV-1a of 64 bits over the labels, see
/// <c>model.LabelSet.Fingerprint</c> of prometheus/common.</summary>
internal static class Fingerprint
{
    private const ulong OffsetBasis = 14695981039346656037;
    private const ulong Prime = 1099511628211;
    private static readonly byte[] Separator = [0xff];

    /// <param name="labels">None of them empty: Alertmanager drops those before it computes.</param>
    /// <returns>16 hexadecimal digits.</returns>
    public static string Of(IReadOnlyDictionary<string, string> labels)
    {
        var hash = OffsetBasis;
        foreach (var (name, value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            foreach (var part in (byte[][])[Encoding.UTF8.GetBytes(name), Separator, Encoding.UTF8.GetBytes(value), Separator])
            {
                foreach (var octet in part) hash = (hash ^ octet) * Prime;
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
