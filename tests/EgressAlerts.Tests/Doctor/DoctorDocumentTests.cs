using EgressAlerts.Doctor;
using EgressAlerts.Polling;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Doctor;

public sealed class DoctorDocumentTests
{
    [Fact]
    public void The_page_lists_the_checks_that_there_are_in_their_order()
    {
        var rows = File.ReadLines(Repository.File("deploy", "reference", "doctor.md"))
            .SkipWhile(line => line != "| section | code | what is checked |").Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 5)
            .Select(cells => (cells[1].Trim('`'), cells[2].Trim('`'), cells[3]));
        Assert.Equal(DoctorRun.Kinds.Select(kind => (kind.Section, kind.Code, kind.Asks)), rows);
    }

    [Fact]
    public void Each_code_is_there_once_and_each_warning_of_the_running_service_has_one()
    {
        var codes = DoctorRun.Kinds.Select(kind => kind.Code).ToList();
        Assert.Equal(codes.Distinct(), codes);
        Assert.Empty(TelemetryWarning.Kinds.Except(codes));
    }
}
