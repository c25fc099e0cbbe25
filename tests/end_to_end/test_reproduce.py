def test_second(finished, run):
    done = run(["dvc", "repro"], finished)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
