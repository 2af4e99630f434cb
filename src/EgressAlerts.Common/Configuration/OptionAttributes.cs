namespace EgressAlerts.Common;

/// <summary>The key of an option where that is not the property's name in snake case.</summary>
/// <param name="path">Keys that lead from the record's section to the value, joined by dots: <c>cache.max_ttl</c>. Empty for a record whose keys stand in
/// the same section as those of the record that holds it.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KeyAttribute(string path) : Attribute
{
    public string Path => path;
}

/// <summary>The configuration has no key for this property: the code sets it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NoKeyAttribute : Attribute;

/// <summary>The key must be there, and neither an empty text nor an empty list.</summary>
/// <param name="complaint">What to tell where it is not. Without it, the error says that the key is missing or what its values must be.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RequiredAttribute(string complaint = "") : Attribute
{
    public string Complaint => complaint;
}

/// <summary>What the table of keys gives as the default, where the default of the property does not say it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UnsetAttribute(string text) : Attribute
{
    public string Text => text;
}

/// <summary>A list whose entries hold the same options as the record that has the list, for a part of what the record is about.
/// Keys that an entry leaves out keep the record's own values.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OverridesAttribute : Attribute;

/// <summary>An option that entries of an <see cref="OverridesAttribute"/> list do not have.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SameForAllAttribute : Attribute;

/// <summary>Options whose values must fit together, or name files that must be usable.</summary>
public interface ICheckedOptions
{
    /// <summary>Finds what is wrong. Called once, when all values are read.</summary>
    /// <param name="isGiven">Whether the configuration has a key, by its path from the record's section.</param>
    /// <returns>For each fault the key, by its path from the record's section, and the end of a sentence that begins with that key.
    /// The key is empty for the section itself. A fault of a key whose own value is bad is not told.</returns>
    IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven);
}
