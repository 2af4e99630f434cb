namespace EgressAlerts.EndToEndTests;

/// <summary>The tests that build the program as users do. A build needs all cores for minutes, so they run one after the other, when the stories are done.
/// </summary>
[CollectionDefinition(nameof(Builds), DisableParallelization = true)]
public sealed class Builds;
