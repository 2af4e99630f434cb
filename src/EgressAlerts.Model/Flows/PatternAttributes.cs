using EgressAlerts.Common;

namespace EgressAlerts.Model;

/// <summary>A <see cref="Pattern"/> of a host: <c>www.example.com</c>, <c>*.example.com</c> or <c>*</c>.</summary>
public sealed class HostPatternAttribute()
    : ValueAttribute("text", "is not a host name such as www.example.com, nor *.example.com for all names below it")
{
    public override object? Parse(string text) =>
        text == "*" || IsHost(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) ? new Pattern(text) : null;

    private static bool IsHost(string text) => text == LabelText.Host(text) && text != LabelValues.Invalid && !text.Contains('*', StringComparison.Ordinal);
}

/// <summary>A <see cref="Pattern"/> of a name, with at most one <c>*</c> at its beginning or end.</summary>
public sealed class NamePatternAttribute() : ValueAttribute("text", "is not a name, which may have a * at its beginning or end")
{
    public override object? Parse(string text) => Pattern.IsOne(text) ? new Pattern(text) : null;
}

/// <summary>A <see cref="WorkloadPattern"/>.</summary>
public sealed class WorkloadPatternAttribute()
    : ValueAttribute("text", "is not namespace/workload, where each may have a * at its beginning or end")
{
    public override object? Parse(string text) => WorkloadPattern.Parse(text);
}

/// <summary>A <see cref="Workload"/>, written as <c>namespace/workload</c>.</summary>
public sealed class WorkloadNameAttribute() : ValueAttribute("text", "is not namespace/workload without a *")
{
    public override object? Parse(string text) => WorkloadPattern.Parse(text) is { } name && !text.Contains('*', StringComparison.Ordinal)
        ? new Workload(name.Namespace.Text, name.Name.Text)
        : null;
}

/// <summary>A name that may stand in a label, such as that of a network.</summary>
public sealed class PlainNameAttribute() : ValueAttribute("text", "holds more than letters, digits, '-', '_' and '.'")
{
    public override object? Parse(string text) => LabelText.Host(text) == LabelValues.Invalid ? null : text;
}

/// <summary>A port as digits.</summary>
public sealed class PortAttribute() : ValueAttribute("text", "is not a port from 1 to 65535")
{
    public override object? Parse(string text) => LabelText.Port(text).Length > 0 ? text : null;
}
