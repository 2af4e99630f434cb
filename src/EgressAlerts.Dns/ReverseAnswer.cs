namespace EgressAlerts.Dns;

/// <summary>What reverse DNS knows about an address.</summary>
public enum ReverseState
{
    /// <summary>Nothing yet: not asked, being asked, or nobody answered.</summary>
    Pending,

    /// <summary>There is a name.</summary>
    Named,

    /// <summary>The zone says that there is none, or none that is fit for a label.</summary>
    Unnamed,
}

/// <summary>The name of an address; <paramref name="Confirmed"/> where the name resolves back to it.</summary>
public readonly record struct ReverseAnswer(ReverseState State, string Name, bool Confirmed) : IAnswer
{
    bool IAnswer.IsKnown => State != ReverseState.Pending;

    bool IAnswer.IsAbsence => State == ReverseState.Unnamed;
}
