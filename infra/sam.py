"""Translates template.yaml into plain CloudFormation, for the package and for the tests of the template."""

import pathlib

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "template.yaml"


def translated(code_uri="s3://bucket/key"):
    """Returns the template in plain CloudFormation, with the functions' code at `code_uri`, as `sam package` writes it."""
    template = yaml_parse(TEMPLATE.read_text())
    template["Globals"]["Function"]["CodeUri"] = code_uri
    # The empty dictionary maps no managed policies, because the template defines its own roles.
    return Translator({}, Parser(), boto_session=boto3.Session(region_name="eu-west-1")).translate(template, {})
