using System.Buffers;

namespace EgressAlerts.Model;

/// <summary>Decides which text from the network may become a label value. All other text becomes <see cref="LabelValues.Invalid"/>. Nothing is cut or mended,
/// so two different texts never become the same name by accident.</summary>
public static class LabelText
{
    private const int MaxHost = 253;

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.*");
    private static readonly SearchValues<char> WorkloadCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    private static readonly SearchValues<char> FlagCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_,");

    /// <summary>A DNS name in lower case without its trailing dot. A <c>*</c> may only be its first label. Names that begin with two underscores are
    /// refused, because nobody may claim to be the overflow (<see cref="LabelValues.Overflow"/>).</summary>
    public static string Host(string text)
    {
        var name = text.TrimEnd('.').ToLowerInvariant();
        var good = name.Length is > 0 and <= MaxHost
            && !name.AsSpan().ContainsAnyExcept(HostCharacters)
            && name.LastIndexOf('*') <= 0
            && !name.Contains("..", StringComparison.Ordinal)
            && name[0] != '.'
            && !IsReserved(name);
        return good ? name : LabelValues.Invalid;
    }

    /// <summary>The name of a workload or namespace.</summary>
    public static string WorkloadName(string text) =>
        text.Length is > 0 and <= MaxHost && !text.AsSpan().ContainsAnyExcept(WorkloadCharacters) && !IsReserved(text) ? text : LabelValues.Invalid;

    /// <summary>Envoy's response flags, such as <c>UF,URX</c>. A <c>-</c> stands for none.</summary>
    public static string Flags(string text) =>
        text.Length == 0 ? "" : text.Length <= 64 && !text.AsSpan().ContainsAnyExcept(FlagCharacters) ? text : LabelValues.Invalid;

    /// <summary>A response code of up to three digits. <c>0</c> stands for no response.</summary>
    public static string Code(string text) =>
        text.Length == 0 ? "" : text.Length <= 3 && !text.AsSpan().ContainsAnyExceptInRange('0', '9') ? text : LabelValues.Invalid;

    /// <summary>A port between 1 and 65535 as digits, or empty.</summary>
    public static string Port(string text) =>
        text.Length <= 5 && ushort.TryParse(text, out var port) && port > 0 ? port.ToString(System.Globalization.CultureInfo.InvariantCulture) : "";

    private static bool IsReserved(string text) => text.StartsWith("__", StringComparison.Ordinal);
}
