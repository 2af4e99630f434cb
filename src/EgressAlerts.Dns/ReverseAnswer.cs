namespace EgressAlerts.Dns;

/// <summary>The name of an address; <paramref name="Confirmed"/> where the name resolves back to it.</summary>
public readonly record struct ReverseAnswer(AnswerState State, string Name, bool Confirmed) : IAnswer;
