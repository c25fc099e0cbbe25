"""LitServe as its README has it: python lit.py PORT PROCESSES."""

import sys

import coded
import litserve


class Api(litserve.LitAPI):
    def setup(self, device):
        self.booster = coded.load()

    def decode_request(self, request):
        return request["instances"]

    def predict(self, rows):
        return coded.answer(self.booster, rows)

    def encode_response(self, told):
        return told


if __name__ == "__main__":
    port, processes = int(sys.argv[1]), int(sys.argv[2])
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=processes)
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=processes,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
