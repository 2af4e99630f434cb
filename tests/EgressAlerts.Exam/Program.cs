using System.Globalization;
using EgressAlerts.Exam;
using EgressAlerts.Exam.Judging;

ExamOptions options;
try
{
    options = ExamOptions.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n{ExamOptions.Usage}");
    return 2;
}

if (options.Tables.Length > 0)
{
    Show(ResultFile.Read(options.Tables));
    return 0;
}

if (options.Log.Length > 0) Directory.CreateDirectory(options.Log);
var (lines, turn) = (options.Out.Length > 0 ? ResultFile.WithoutPlays(options.Out, options.Plays) : [], new Lock());
// Two at a time: each play needs some hundred MiB.
Parallel.ForEach(options.Plays, new ParallelOptions { MaxDegreeOfParallelism = 2 }, play =>
{
    var started = TimeProvider.System.GetTimestamp();
    using var log = options.Log.Length == 0 ? null : new StreamWriter(Path.Combine(options.Log,
        $"{play.Workloads}-{play.Learn}-{play.Window}-{play.Seed}.tsv"));
    var outcome = Examiner.Examine(play, say: log is null ? null : log.WriteLine);
    lock (turn)
    {
        lines.AddRange(ResultLine.Of(outcome));
        // What is done is kept, also when a later play is interrupted.
        if (options.Out.Length > 0) ResultFile.Write(options.Out, lines);
        var found = outcome.Attacks.Count(attack => attack.Found is not null);
        var wrong = outcome.False.Where(one => one.Key.Severity != "info").Sum(one => one.Value.Control + one.Value.Attacked);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{play}: {found} of {outcome.Attacks.Count} attacks found, {wrong} false alerts, {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s"));
    }
});

Show(lines);
return 0;

void Show(IReadOnlyList<ResultLine> results)
{
    var before = options.Before.Length > 0 ? ResultFile.Read(options.Before) : [];
    Console.WriteLine($"\n{Tables.Attacks(results, before)}\n{Tables.FalseAlerts(results, before)}");
}
