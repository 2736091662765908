using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class UserAndFunctionTests
{
    private const string UserPattern = "[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}";
    private const string FunctionPattern = "[A-Za-z0-9_$][A-Za-z0-9_$.-]{0,127}";

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    public async Task RegisterUser_WhenItReplacesOne_ClosesTheOneBefore(long closed)
    {
        var platform = Users(closed);
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync("/u/ann.b_c@d+e-f");

        answer.Text.Should().Be("""{"error":false,"res":1}""");
        var by = ((RegisterUser)platform.Sent[0]).By;
        by.Should().BeEquivalentTo(new { Actor = Origin.Anyone, Address = "127.0.0.1", Request = answer.Header("X-Request-Id") });
        platform.Sent.Should().Equal(closed == 0
            ? [new RegisterUser("ann.b_c@d+e-f", null, by)]
            : [new RegisterUser("ann.b_c@d+e-f", null, by), new CloseOwner(closed)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    public async Task DeleteUser_WhenThereIsOne_ClosesIt(long closed)
    {
        var platform = Users(closed);
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.DeleteAsync("/u/ann");

        answer.Number.Should().Be(closed == 0 ? 0 : 1);
        var deleted = new DeleteUser("ann", ((DeleteUser)platform.Sent[0]).By);
        platform.Sent.Should().Equal(closed == 0 ? [deleted] : [deleted, new CloseOwner(closed)]);
    }

    [Fact]
    public async Task DeleteUser_WhenTheQueueCannotBeTold_IsDoneAllTheSame()
    {
        var platform = Users(41).On((CloseOwner _) => Result<ClosedOwner>.Fail(ErrorCode.Unavailable, "Not now."));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.DeleteAsync("/u/ann")).Number.Should().Be(1);
    }

    [Fact]
    public async Task Time_WithAFraction_IsRoundedDown()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((GetExecutionTime _) => new ExecutionTime(TimeSpan.FromMicroseconds(1_999))));

        (await host.Rest.GetAsync("/u/ann/time")).Text.Should().Be("""{"error":false,"res":1}""");
    }

    [Theory]
    [InlineData("POST", "/u/a%2Fb", UserPattern)]
    [InlineData("POST", "/u/a%252Fb", UserPattern)]
    [InlineData("POST", "/u/a%25", UserPattern)]
    [InlineData("POST", "/u/a%", UserPattern)]
    [InlineData("POST", "/u/a%zz", UserPattern)]
    [InlineData("POST", "/u/%20", UserPattern)]
    [InlineData("POST", "/u/.a", UserPattern)]
    [InlineData("POST", "/u/%C3%A9", UserPattern)]
    [InlineData("POST", "/u/a;b", UserPattern)]
    [InlineData("DELETE", "/u/a%2Fb", UserPattern)]
    [InlineData("GET", "/u/a%2Fb/time", UserPattern)]
    [InlineData("GET", "/u/a%2Fb/fn", UserPattern)]
    [InlineData("GET", "/u/a%2Fb/fn/f", UserPattern)]
    [InlineData("POST", "/u/a%2Fb/fn/f/run", UserPattern)]
    [InlineData("GET", "/u/ann/fn/a%2Fb", FunctionPattern)]
    [InlineData("POST", "/u/ann/fn/-f", FunctionPattern)]
    [InlineData("DELETE", "/u/ann/fn/..%2Ff", FunctionPattern)]
    [InlineData("POST", "/u/ann/fn/a%/run", FunctionPattern)]
    [InlineData("POST", "/u/ann/fn/@f/run", FunctionPattern)]
    public async Task Name_OutsideItsPattern_IsRefusedWithThePattern(string verb, string path, string pattern)
    {
        var platform = new FakePlatform();
        await using var host = await FrontendHost.StartAsync(platform);
        await using var connection = RawConnection.Open(host.Rest.Address);

        await connection.SendAsync($"{verb} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        var answer = (await connection.ReadAsync())!;

        answer.Status.Should().Be(400);
        answer.Code.Should().Be("invalid_name");
        answer.Word.Should().Contain(pattern);
        platform.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task Names_AsLongAsAllowed_AreTaken()
    {
        var (user, function) = (new string('u', 128), new string('$', 128));
        var platform = Users(0).WithUser().On((RegisterFunction _) => new RegisteredFunction(1));
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.PostAsync($"/u/{user}")).Status.Should().Be(200);
        (await host.Rest.PostAsync($"/u/{user}u")).Code.Should().Be("invalid_name");
        (await host.Rest.PostAsync($"/u/{user}/fn/{function}", "() => 1")).Status.Should().Be(200);
        (await host.Rest.PostAsync($"/u/{user}/fn/{function}$", "() => 1")).Code.Should().Be("invalid_name");
    }

    [Fact]
    public async Task Functions_WhenListed_AreNameToSource()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform().On((ListFunctions _) => new FunctionPage(
            1, [new FunctionSource("add", 1, "(a, b) => \"é\\n\""u8.ToArray()), new FunctionSource("$x", 2, "() => 1\n"u8.ToArray())], false)));

        (await host.Rest.GetAsync("/u/ann/fn")).Text.Should().Be(
            """{"error":false,"res":{"add":"(a, b) => \"é\\n\"","$x":"() => 1\n"}}""");
    }

    [Fact]
    public async Task Functions_OfManyPages_AreOneList()
    {
        var source = "() => 1"u8.ToArray();
        string[] names = ["a", "b", "c", "d", "e"];
        var platform = new FakePlatform().On((ListFunctions request) =>
        {
            var left = names.Where(name => string.CompareOrdinal(name, request.After) > 0).ToArray();
            return new FunctionPage(1, [.. left.Take(2).Select(name => new FunctionSource(name, 1, source))], left.Length > 2);
        });
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.GetAsync("/u/ann/fn");

        answer.Text.Should().Be(
            """{"error":false,"res":{"a":"() => 1","b":"() => 1","c":"() => 1","d":"() => 1","e":"() => 1"}}""");
        platform.Sent.Should().Equal(
            new ListFunctions("ann"), new ListFunctions("ann", "b"), new ListFunctions("ann", "d"));
    }

    [Fact]
    public async Task Functions_WhenThereIsNone_AreAnEmptyList()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((ListFunctions _) => new FunctionPage(1, [], false)));

        (await host.Rest.GetAsync("/u/ann/fn")).Text.Should().Be("""{"error":false,"res":{}}""");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Functions_WhenTheUserIsReplacedOrGoneMeanwhile_AreNotMixed(bool replaced)
    {
        var platform = new FakePlatform().On((ListFunctions request) =>
            request.After.Length > 0 && !replaced ? Result<FunctionPage>.Fail(ErrorCode.UserNotFound, "Gone.")
            : new FunctionPage(
                request.After.Length == 0 ? 1 : 2, [new FunctionSource(request.After + "f", 1, "() => 1"u8.ToArray())],
                request.After.Length == 0));
        await using var host = await FrontendHost.StartAsync(platform);

        var listing = () => host.Rest.GetAsync("/u/ann/fn");

        await listing.Should().ThrowAsync<HttpRequestException>("a list that is cut off must not pass for a whole one");
    }

    [Fact]
    public async Task Functions_OfALongList_AreSentPageByPage()
    {
        var source = Enumerable.Repeat((byte)'x', 100_000).ToArray();
        var rest = new TaskCompletionSource<Result<FunctionPage>>();
        var platform = new FakePlatform().OnLater<ListFunctions, FunctionPage>((request, _) => request.After.Length > 0
            ? rest.Task
            : Task.FromResult<Result<FunctionPage>>(new FunctionPage(1, [new FunctionSource("a", 1, source)], true)));
        await using var host = await FrontendHost.StartAsync(platform);
        using var client = new HttpClient { BaseAddress = host.Rest.Address };
        await using var body = await client.GetStreamAsync(new Uri("/u/ann/fn", UriKind.Relative))
            .WaitAsync(Eventually.DefaultTimeout);

        // The second page is not there yet, and the first one is.
        var begun = new byte[100_000];
        await body.ReadExactlyAsync(begun).AsTask().WaitAsync(Eventually.DefaultTimeout);
        rest.SetResult(new FunctionPage(1, [new FunctionSource("b", 1, "() => 1"u8.ToArray())], false));
        using var reader = new StreamReader(body);

        (await reader.ReadToEndAsync()).Should().EndWith("""x","b":"() => 1"}}""");
    }

    [Fact]
    public async Task Function_WhenRead_HasBothSpellingsOfItsName()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((GetFunction request) => new FunctionSource(request.Function, 3, "() => 1"u8.ToArray())));

        (await host.Rest.GetAsync("/u/ann/fn/add")).Text.Should().Be(
            """{"error":false,"res":{"name":"add","f_name":"add","src":"() => 1"}}""");
    }

    [Fact]
    public async Task Source_ThatIsUsable_IsRegisteredAsItIs()
    {
        var platform = new FakePlatform().WithUser().On((RegisterFunction _) => new RegisteredFunction(1));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync("/u/ann/fn/add", "() => 'é'\n", ("Content-Type", "image/png"));

        answer.Text.Should().Be("""{"error":false,"res":1}""");
        host.CheckedFor.Should().Equal("ann");
        platform.Sent[^1].Should().BeEquivalentTo(
            new RegisterFunction("ann", "add", "() => 'é'\n"u8.ToArray()));
    }

    [Fact]
    public async Task Source_ThatTheSandboxRefuses_IsRefusedWithItsPlace()
    {
        var platform = new FakePlatform().WithUser();
        await using var host = await FrontendHost.StartAsync(platform, new SourceCheck(false, "Unexpected token", 2, 7));

        var answer = await host.Rest.PostAsync("/u/ann/fn/add", "(");

        answer.Status.Should().Be(422);
        answer.Text.Should().Be(
            """{"error":true,"res":"Unexpected token","code":"invalid_source","line":2,"column":7}""");
        platform.Sent.Should().NotContain(request => request is RegisterFunction);
    }

    [Fact]
    public async Task Source_ThatCouldNotBeChecked_IsNobodysFault()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().WithUser(), new SourceCheck(false, "No child.", null, null, PlatformFailed: true));

        var answer = await host.Rest.PostAsync("/u/ann/fn/add", "() => 1");

        answer.Status.Should().Be(503);
        answer.Code.Should().Be("unavailable");
        answer.Header("Retry-After").Should().Be("1");
    }

    [Fact]
    public async Task Source_ThatIsToBeCheckedLater_IsToldWhen()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform().WithUser(),
            new SourceCheck(false, "Too many.", null, null, PlatformFailed: true, RetryAfterSeconds: 42));

        var answer = await host.Rest.PostAsync("/u/ann/fn/add", "() => 1");

        answer.Status.Should().Be(503);
        answer.Header("Retry-After").Should().Be("42");
    }

    [Theory]
    [InlineData(ErrorCode.UserNotFound, 404)]
    [InlineData(ErrorCode.Unavailable, 503)]
    public async Task Source_ThatNobodyWouldKeep_IsNotChecked(ErrorCode code, int status)
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((FindVersion _) => Result<CurrentVersion>.Fail(code, "No.")));

        var answer = await host.Rest.PostAsync("/u/ann/fn/add", "() => 1");

        answer.Status.Should().Be(status);
        host.CheckedFor.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task DeleteFunction_WhetherThereWasOne_IsToldByANumber(bool existed, int told)
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((DeleteFunction _) => new DeletedFunction(existed)));

        (await host.Rest.DeleteAsync("/u/ann/fn/add")).Number.Should().Be(told);
    }

    [Fact]
    public async Task DeleteFunction_OfAUserThatIsGone_IsNotTooLate()
    {
        await using var host = await FrontendHost.StartAsync(
            new FakePlatform().On((DeleteFunction _) => Result<DeletedFunction>.Fail(ErrorCode.UserNotFound, "Gone.")));

        var answer = await host.Rest.DeleteAsync("/u/ann/fn/add");

        answer.Status.Should().Be(200);
        answer.Number.Should().Be(0);
    }

    private static FakePlatform Users(long closed) => new FakePlatform()
        .On((RegisterUser _) => new UserRegistration(closed + 1, closed))
        .On((DeleteUser _) => new UserRegistration(0, closed))
        .On((CloseOwner _) => new ClosedOwner(3));
}
