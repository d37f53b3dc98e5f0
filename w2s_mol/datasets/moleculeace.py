"""MoleculeACE's thirty sets of potencies: what they are called, of what, and their files.

van Tilborg, Alenicheva and Grisoni, J. Chem. Inf. Model. 62, 5938-5951, 2022.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "moleculeace:"
EVERY_SET = f"{PREFIX}all"
"""Stands for all thirty."""

CLIFF = "cliff_mol"
"""The column that is 1 for activity cliffs: molecules much alike of potencies far apart."""

COMMIT = "7e6de0bd2968c56589c580f2a397f01c531ede26"
ADDRESS = (
    f"https://raw.githubusercontent.com/molML/MoleculeACE/{COMMIT}/MoleculeACE/Data/benchmark_data/"
)

# Name, molecules, bytes, sha256, what the molecules act on.
_FACTS = """
CHEMBL204_Ki 2754 321335 54da2410087fb6a7d39e327e06af9b63044121bffbae9e3a8b61589217544e05 thrombin
CHEMBL214_Ki 3317 331012 6d412099986b7b9769d878a6fd9a6cf137f257455a87610a4f35b00daa86758f serotonin 1A receptor
CHEMBL218_EC50 1031 112664 2cad0b9bde956e6ce9b0cff150f674270bebf4c52afce7aaa74abdaaccc192c2 cannabinoid CB1 receptor
CHEMBL219_Ki 1865 178991 12bdaa25aff44ec4abef3b09199338405074ef39677843b7f46a006b8938f307 dopamine D4 receptor
CHEMBL228_Ki 1704 164414 7251c50e7eb40080edb762b3ee5bd37e10046ea121a52ff8e0e9eb0a7a0b76c2 serotonin transporter
CHEMBL231_Ki 973 96780 878adc58fce97794d5df1352c2f17631906007d8228c7f7f132360e49e811260 histamine H1 receptor
CHEMBL233_Ki 3142 378735 1bcbc97887a9dbffd51088fd3a77bd66b65ff9d050046a4dfc0003bae85b5670 mu opioid receptor
CHEMBL234_Ki 3657 370354 447d38f659b86c7177f022b16f028db6828ab09c80051e74dad420168970f657 dopamine D3 receptor
CHEMBL235_EC50 2349 252464 48f9eae7eea5e1241fbd2bb8d936a323a93562275c4d4de746d644d76dadb66e PPAR gamma
CHEMBL236_Ki 2598 330367 c40c6e987e6caf5019faf7aa19eee82ec9b500d51650d031bab473c6425601ee delta opioid receptor
CHEMBL237_EC50 955 121657 dd5ef9a0cf3157f337b520d271d18ffd58bd4df2436203e4ccb1b241cfa6c9e7 kappa opioid receptor
CHEMBL237_Ki 2603 319940 20474e12e78596d28cd238cfde693dd476d29797c54efcb60ff0276c345592f1 kappa opioid receptor
CHEMBL238_Ki 1052 100573 305d33df171e112c1cd75855c12377b0096e4e3726b910339169b1ab982a2c05 dopamine transporter
CHEMBL239_EC50 1721 181036 bbba9d4fdbd8cda84eb66a4fdc07af989454ff85a9f182a86d14fa94543cae41 PPAR alpha
CHEMBL244_Ki 3097 358300 b296c5956c9b3659fa039f057ebcb617919acd759c9255ed72bee917d99b4ef2 coagulation factor X
CHEMBL262_Ki 856 80861 8b6df9f67a87855d4fda89d1bd977cf2f3b71327387d2e0ba6c8673640fb94dd kinase GSK3 beta
CHEMBL264_Ki 2862 272929 4c70fb8a6292a07ab4d65c805d967ac14a38b730bc9422ac0f133af33d899bcb histamine H3 receptor
CHEMBL287_Ki 1328 121021 e857875848bb64dc6e327e6c42fe9fd36526bbee1b976de4521b55c4c6629894 sigma opioid receptor
CHEMBL1862_Ki 794 75166 c69adcbb021591ba2c564df1e9eb55d465b3c51e78d0237ec0527942eb20cfdb tyrosine kinase ABL1
CHEMBL1871_Ki 659 80732 49d7f824fdbbc1c87fc69e239934558ac7e8612ca4c7e034314600b0b7c51821 androgen receptor
CHEMBL2034_Ki 750 85670 9b9f4cca381cfd9e240603b0af24d9de742e421b984daf08c7c2458132eb3e4b glucocorticoid receptor
CHEMBL2047_EC50 631 75522 db8946f3daa245ad3e03576aca1e6ea44eda560abd9f730090762a6b68cc8c39 farnesoid X receptor
CHEMBL2147_Ki 1456 146214 33a1ff7d4b2a9ca684550b74148a2e0674e0810b48a7d8deacf44881b00d2b2a kinase PIM1
CHEMBL2835_Ki 615 70762 0c2226e533a9aad3ce59c48f90fca3b13910764dbc030ae4cdcb2f656cad5ec6 kinase JAK1
CHEMBL2971_Ki 976 104956 4c83bb693523b6e4e1187482d603a4392c9299a2a21b031ddae85a9bb89d2e02 kinase JAK2
CHEMBL3979_EC50 1125 121434 c351194eefbac48e0d4315cce44ff6731fc0b6a9a4d851e7b47cf9a81fd8cced PPAR delta
CHEMBL4005_Ki 960 101360 1483dad125d5d37719c5524d6b63bac93be6e7114f892a0d131ebc35f72632f7 PI3 kinase alpha
CHEMBL4203_Ki 731 67450 f056efe7d24b98b789281ec07adb7a0118683ba5d8833c9fa296ddf8b438e3b2 kinase CLK4
CHEMBL4616_EC50 682 84510 d3690225e5a2000a4e34b5958be55674c892f0d7d8a6a3bc13a8ebb10c46b6a3 ghrelin receptor
CHEMBL4792_Ki 1471 154935 7fca442ad925803a72f9285b01d28a7b32372466a61183a0d5f2cdc4be90eb5e orexin receptor 2
"""  # noqa: E501


@dataclass(frozen=True)
class PotencySet:
    """One of the thirty.

    Attributes
    ----------
    name
        As its file is called: a ChEMBL target and what was measured, ``Ki`` or ``EC50``.
    molecules, size, sha256
        How many it has; of its file, in bytes and in hex.
    acts_on
        What the molecules act on.
    """

    name: str
    molecules: int
    size: int
    sha256: str
    acts_on: str

    @property
    def label(self) -> str:
        """Return what its labels are: ``pKi`` or ``pEC50``, the negative log10 of mol/L."""
        return f"p{self.name.split('_')[1]}"


def _read(line: str) -> PotencySet:
    name, molecules, size, sha256, acts_on = line.split(maxsplit=4)
    return PotencySet(name, int(molecules), int(size), sha256, acts_on)


MOLECULEACE: dict[str, PotencySet] = {
    f"{PREFIX}{one.name}": one for one in map(_read, _FACTS.strip().splitlines())
}


def worth_telling(typed: str, known: Iterable[str]) -> list[str]:
    """Return which of the known names to tell where one is unknown.

    The thirty are told where one of them is meant, and hide the others nowhere else; the name
    that stands for all of them is told always.

    Examples
    --------
    >>> worth_telling("lipo", ["lipop", "moleculeace:CHEMBL204_Ki"])
    ['lipop', 'moleculeace:all']
    """
    known = [*known, EVERY_SET]
    if "chembl" in typed.lower() or typed.startswith(PREFIX):
        return [name for name in known if name.startswith(PREFIX)]
    return [name for name in known if name not in MOLECULEACE]
