using System.Globalization;
using System.Net;

namespace EgressAlerts.Common;

/// <summary>Says at an option what texts its key may have. The binder, the table of keys and the error messages all read it there.</summary>
/// <param name="takes">What a value may be, as the table of keys says it, such as <c>1s to 1h</c>.</param>
/// <param name="complaint">What is wrong with any other text: the end of a sentence that begins with that text.</param>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ValueAttribute(string takes, string complaint) : Attribute
{
    public string Takes => takes;

    public string Complaint => complaint;

    /// <summary>What is wrong with one text that is not allowed. It differs from <see cref="Complaint"/> where more can be said about that text.</summary>
    public virtual string ComplaintAbout(string text) => Complaint;

    /// <summary>The value that a text stands for; null where the text is not allowed.</summary>
    public abstract object? Parse(string text);

    /// <summary>A value as a user would write it.</summary>
    public virtual string Write(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    /// <summary>What an error may quote of a text that is not allowed; null where it may be a secret.</summary>
    public virtual string? Quote(string text) => text;
}

/// <summary>A duration in a range, written as in Prometheus' configuration. The property is a <see cref="TimeSpan"/>.</summary>
public sealed class DurationAttribute(string least, string most)
    : ValueAttribute($"{least} to {most}", $"is not a duration from {least} to {most}, such as 30s or 1h30m")
{
    private readonly TimeSpan _least = DurationText.Parse(least)!.Value;
    private readonly TimeSpan _most = DurationText.Parse(most)!.Value;

    public override object? Parse(string text) => DurationText.Parse(text) is { } length && length >= _least && length <= _most ? length : null;

    public override string Write(object value) => DurationText.Exact((TimeSpan)value);
}

/// <summary>A whole number in a range. The property is an <see cref="int"/>.</summary>
public sealed class CountAttribute(int least, int most)
    : ValueAttribute(FormattableString.Invariant($"{least} to {most}"), FormattableString.Invariant($"is not a whole number from {least} to {most}"))
{
    public override object? Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}

/// <summary>A number of bytes in a range. The property is a <see cref="long"/>.</summary>
public sealed class SizeAttribute(string least, string most) : ValueAttribute($"{least} to {most}", $"is not a size from {least} to {most}, such as 512MiB")
{
    private readonly long _least = SizeText.Parse(least)!.Value;
    private readonly long _most = SizeText.Parse(most)!.Value;

    public override object? Parse(string text) => SizeText.Parse(text) is { } size && size >= _least && size <= _most ? size : null;

    public override string Write(object value) => SizeText.Exact((long)value);
}

/// <summary>One of some words. The property is a string, or an enumeration whose members have these names in any case.</summary>
public sealed class OneOfAttribute(params string[] words) : ValueAttribute(string.Join(", ", words), $"is none of {string.Join(", ", words)}")
{
    public override object? Parse(string text) => words.Contains(text) ? text : null;

    /// <summary>The word in the case in which users write it.</summary>
    public override string Write(object value) => words.FirstOrDefault(word => word.Equals($"{value}", StringComparison.OrdinalIgnoreCase)) ?? "";
}

/// <summary>Any text. Every string has this unless another attribute says more.</summary>
public sealed class TextAttribute() : ValueAttribute("text", "")
{
    public override object? Parse(string text) => text;
}

/// <summary>True or false. Every <see cref="bool"/> has this.</summary>
public sealed class FlagAttribute() : ValueAttribute("true, false", "is neither true nor false")
{
    public override object? Parse(string text) => text switch { "true" => true, "false" => false, _ => null };

    public override string Write(object value) => (bool)value ? "true" : "false";
}

/// <summary>An absolute URL of HTTP. Every <see cref="Uri"/> has this.</summary>
public sealed class UrlAttribute() : ValueAttribute("URL", "is not an absolute http or https URL")
{
    public override object? Parse(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    public override string Write(object value) => ((Uri)value).OriginalString;

    public override string? Quote(string text) => HttpText.Printable(text);
}

/// <summary>The name of a label of Prometheus.</summary>
public sealed class LabelNameAttribute() : ValueAttribute("text", "is not a label name")
{
    public static bool IsOne(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    public override object? Parse(string text) => IsOne(text) ? text : null;
}

/// <summary>A network such as <c>10.20.0.0/16</c>. The property is an <see cref="IPNetwork"/>.</summary>
public sealed class CidrAttribute() : ValueAttribute("text", "is not a network such as 10.20.0.0/16 (bits behind the prefix must be zero)")
{
    public override object? Parse(string text) => Read(text);

    /// <summary>A network as it is written. One of IPv4 that is mapped into IPv6 becomes the network of IPv4. Null where the text is none.</summary>
    /// <remarks>The parser of the platform takes 10.1.0.0/8 for 10.0.0.0/8. That is refused here, because its author may have meant another network.</remarks>
    public static IPNetwork? Read(string text)
    {
        if (!IPNetwork.TryParse(text, out var network)) return null;
        if (!IPAddress.TryParse(text[..text.IndexOf('/', StringComparison.Ordinal)], out var address) || !address.Equals(network.BaseAddress)) return null;
        // A base address is only mapped where the prefix has the 96 bits that say so.
        return address.IsIPv4MappedToIPv6 ? new IPNetwork(address.MapToIPv4(), network.PrefixLength - 96) : network;
    }
}

/// <summary>The path of a file that must be there when the configuration is loaded.</summary>
public class ExistingFileAttribute() : ValueAttribute("text", "does not exist")
{
    public override object? Parse(string text) => text.Length == 0 || File.Exists(text) ? text : null;
}

/// <summary>The path of a file that may come later, such as a secret that is mounted. Only <c>check-config</c> insists that it is there.</summary>
public sealed class SecretFileAttribute : ExistingFileAttribute;
