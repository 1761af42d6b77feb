"""`customlabels --help` beside Python itself and beside the AWS CLI: python benchmarks/startup.py"""

from timing import compare, customlabels, peer, python

ROUNDS = 21


def main() -> None:
    peers = {"python -c pass": python("pass"), "aws --version": peer("aws", "--version")}
    compare("customlabels --help", customlabels("--help"), peers, ROUNDS)


if __name__ == "__main__":
    main()
