using System.Text.Json.Serialization;

namespace EgressAlerts.Naming.Dns;

/// <summary>The name of an address; <paramref name="Confirmed"/> where the name resolves back to it.</summary>
[method: JsonConstructor]
public readonly record struct ReverseAnswer(AnswerState State, string Name, bool Confirmed) : IAnswer;

/// <summary>What DNS knows about a name or an address.</summary>
public enum AnswerState
{
    /// <summary>Nothing is known yet: nobody has asked, or DNS is being asked, or nobody answered.</summary>
    Pending,

    /// <summary>An address has a name, or a name has addresses.</summary>
    Present,

    /// <summary>The zone says that there is none, or all names that it has cannot be label values.</summary>
    Absent,
}
