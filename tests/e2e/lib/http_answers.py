"""usage: http_answers.py URL STATUS; succeeds if a GET of URL gives STATUS."""

import sys
import urllib.error
import urllib.request


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


sys.exit(status_of(sys.argv[1]) != int(sys.argv[2]))
