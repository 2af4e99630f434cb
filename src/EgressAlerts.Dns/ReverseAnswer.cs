namespace EgressAlerts.Dns;

/// <summary>The name of an address; <paramref name="Confirmed"/> where the name resolves back to it.</summary>
public readonly record struct ReverseAnswer(AnswerState State, string Name, bool Confirmed) : IAnswer;

/// <summary>What DNS knows about a name or an address. The numbers lie in the saved state.</summary>
public enum AnswerState
{
    /// <summary>Nothing yet: not asked, being asked, or nobody answered.</summary>
    Pending = 0,

    /// <summary>An address has a name, or a name has addresses.</summary>
    Present = 1,

    /// <summary>The zone says that there is none, or of names only such that are not fit for a label.</summary>
    Absent = 2,
}
